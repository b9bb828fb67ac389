// Errors as the Gmail API and the People API write them (Gmail API, *Resolve errors*; google.rpc.ErrorInfo).

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  bytes?: Buffer;
}

const STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 405: 'UNIMPLEMENTED', 410: 'FAILED_PRECONDITION',
  413: 'INVALID_ARGUMENT', 429: 'RESOURCE_EXHAUSTED', 499: 'CANCELLED', 502: 'UNAVAILABLE',
};

interface More {
  /** The reason in the older list of errors, which the People API leaves out. */
  reason?: string;
  domain?: string;
  status?: string;
  /** The members of an `ErrorInfo`. */
  info?: { reason: string; domain?: string; metadata?: Record<string, string> };
  headers?: Record<string, string>;
}

export function refusal(status: number, message: string, { reason, domain = 'global', status: name, info, headers = {} }: More = {}): Answer {
  return {
    status,
    headers,
    json: {
      error: {
        code: status,
        message,
        ...(reason !== undefined && { errors: [{ message, domain, reason }] }),
        status: name ?? STATUS[status] ?? 'UNKNOWN',
        ...(info && { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'googleapis.com', ...info }] }),
      },
    },
  };
}

export const unknownToken = (): Answer => refusal(401, 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.', {
  reason: 'authError', headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
});

export const scopeMissing = (host: string, call: string): Answer => refusal(403, 'Request had insufficient authentication scopes.', {
  reason: 'insufficientPermissions', info: { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', metadata: { service: host, method: call } },
});

/** The number of the project of every application here. */
const PROJECT = '123456789012';

/** The administrator has not enabled an API. Its page is named in the error. */
export function apiDisabled(title: string, host: string): Answer {
  const activationUrl = `https://console.developers.google.com/apis/api/${host}/overview?project=${PROJECT}`;
  return refusal(403, `${title} has not been used in project ${PROJECT} before or it is disabled. Enable it by visiting ${activationUrl} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`, {
    reason: 'accessNotConfigured', domain: 'usageLimits', info: { reason: 'SERVICE_DISABLED', metadata: { consumer: `projects/${PROJECT}`, service: host, activationUrl } },
  });
}

export const noMailbox = (): Answer => refusal(400, 'Mail service not enabled', { reason: 'failedPrecondition', status: 'FAILED_PRECONDITION' });
export const overQuota = (): Answer => refusal(403, 'User-rate limit exceeded.', { reason: 'userRateLimitExceeded', domain: 'usageLimits' });
export const tooLarge = (): Answer => refusal(413, 'Request entity too large.', { reason: 'uploadTooLarge' });
export const notFound = (): Answer => refusal(404, 'Requested entity was not found.', { reason: 'notFound' });
