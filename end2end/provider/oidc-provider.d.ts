// oidc-provider comes without types. Its configuration is checked by itself at the start; here it
// is enough that the rest of our code is checked.
declare module 'oidc-provider' {
  export default class Provider {
    constructor(issuer: string, configuration: unknown);
    [member: string]: any;
  }
  export const interactionPolicy: any;
}
