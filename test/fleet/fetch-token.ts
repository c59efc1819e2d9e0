import { fleetSecrets } from '../../fleet/servers.ts';

/** Asks the ado server's token endpoint; the defaults are what it accepts. */
export function requestToken(
  tokenUrl: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
) {
  return fetch(tokenUrl, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: fleetSecrets.adoClientId,
      client_secret: fleetSecrets.adoClientSecret,
      ...form,
    }),
  });
}

/** A header with a fresh token of the ado server. */
export async function fetchToken(tokenUrl: string): Promise<{ authorization: string }> {
  const { access_token } = (await (await requestToken(tokenUrl)).json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}` };
}
