import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson } from './answer-json.ts';
import { readBody } from './read-body.ts';
import type { TokenIssuer } from './token-issuer.ts';

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The client credentials grant (RFC 6749 section 4.4): a form with `grant_type=client_credentials`, and the client's
 * id and secret in the form or in a Basic header. Answers as sections 5.1 and 5.2 say. True when a token was issued.
 */
export async function answerTokenRequest(
  request: IncomingMessage,
  response: ServerResponse,
  accepted: ClientCredentials,
  issuer: TokenIssuer,
): Promise<boolean> {
  const refuse = (status: number, error: string, description: string, headers: Record<string, string> = {}) => {
    const body = { error, error_description: description };
    answerJson(response, status, body, { 'cache-control': 'no-store', ...headers });
    return false;
  };
  if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return refuse(400, 'invalid_request', 'content-type must be application/x-www-form-urlencoded');
  }
  const text = await readBody(request);
  if (text === undefined)
    return refuse(413, 'invalid_request', 'the form is longer than 1 MiB', { connection: 'close' });
  const form = new URLSearchParams(text);
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
  }
  const sent = basicCredentials(request.headers.authorization) ?? {
    clientId: form.get('client_id'),
    clientSecret: form.get('client_secret'),
  };
  if (sent.clientId !== accepted.clientId || sent.clientSecret !== accepted.clientSecret) {
    return refuse(401, 'invalid_client', 'client_id or client_secret is wrong', {
      'www-authenticate': 'Basic realm="fleet"',
    });
  }
  const token = { access_token: issuer.issue(), token_type: 'Bearer', expires_in: issuer.lifetimeSeconds };
  answerJson(response, 200, token, { 'cache-control': 'no-store' });
  return true;
}

/** Id and secret of a Basic header, both form-encoded as RFC 6749 section 2.3.1 asks; null for any other header. */
function basicCredentials(header: string | undefined): ClientCredentials | null {
  const encoded = /^Basic +(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // URLSearchParams decodes without throwing on malformed escapes.
  const decode = (value: string) => new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
  return { clientId: decode(id), clientSecret: decode(secret.join(':')) };
}
