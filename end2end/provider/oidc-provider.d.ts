// oidc-provider has no types. It checks its configuration itself at the start; here it
// is enough to check the rest of our code.
declare module 'oidc-provider' {
  export default class Provider {
    constructor(issuer: string, configuration: unknown);
    [member: string]: any;
  }
  export const interactionPolicy: any;
}
