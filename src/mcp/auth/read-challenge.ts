import {
  allowInsecureRequests,
  customFetch,
  protectedResourceRequest,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { AuthHttp } from './auth-http.ts';

/** What a target tells those who ask it for something without a token. */
export type Challenge = {
  readonly status: number;
  readonly resourceMetadataUrl: string | undefined;
  readonly scope: string | undefined;
};

/** Opens no session, and every revision of MCP has it or refuses it without harm. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/**
 * Asks a target without a token and reads the Bearer challenge of its 401 (RFC 6750 §3, RFC 9728 §5.1).
 * @throws when the target may not be asked or gives no answer
 */
export async function readChallenge(http: AuthHttp, targetUrl: string): Promise<Challenge> {
  const ask = () =>
    http.send({
      what: 'The target',
      url: targetUrl,
      method: 'POST',
      headers: HEADERS,
      body: PING,
      headOnly: true,
    });
  try {
    // The library knows the header's grammar. It asks for a token, which the request leaves out.
    const { status } = await protectedResourceRequest('none', 'POST', new URL(targetUrl), undefined, undefined, {
      [customFetch]: ask,
      [allowInsecureRequests]: true,
    });
    return { status, resourceMetadataUrl: undefined, scope: undefined };
  } catch (error) {
    if (!(error instanceof WWWAuthenticateChallengeError)) throw error;
    const bearers = error.cause.filter(({ scheme }) => scheme === 'bearer').map(({ parameters }) => parameters);
    const { resource_metadata, scope } =
      bearers.find((each) => each.resource_metadata !== undefined) ?? bearers[0] ?? {};
    // Some servers send the header with every reply; only that of a 401 says what is missing.
    const asks = error.status === 401;
    return {
      status: error.status,
      resourceMetadataUrl: asks ? resource_metadata : undefined,
      scope: asks ? scope : undefined,
    };
  }
}
