/** A scheme of RFC 9110 §11 where a challenge may begin, even if no comma stands before it. */
const SCHEME =
  /(?:^|[\s,])(bearer|basic|digest|dpop|negotiate|ntlm|mutual|hoba|vapid|scram-sha-\d+)(?=[\s,]|$)(?!\s*=)/gi;

/** A parameter and its value: in quotes, or without them up to a comma, the next parameter or the end. */
const PARAMETER = /([a-z_][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+(?:\s+(?![\w-]+\s*=)[^\s,"=]+)*))/gi;

/**
 * The values of a parameter in the Bearer challenges of a WWW-Authenticate header (RFC 6750 §3). More is accepted than the
 * grammar allows, because clients do: values without quotes, parameters that are repeated or not separated by a comma,
 * and a Bearer challenge after others.
 * @param header the values of all such headers, joined by commas
 * @returns each value once, in the order of the header
 */
export function bearerParameters(header: string, name: string): readonly string[] {
  const values = new Set<string>();
  for (const challenge of bearerChallenges(header)) {
    for (const [, key = '', quoted, bare = ''] of challenge.matchAll(PARAMETER)) {
      if (key.toLowerCase() === name) values.add(quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'));
    }
  }
  return [...values];
}

/** The parameters of each Bearer challenge. Names of schemes within quotes do not count. */
function bearerChallenges(header: string): readonly string[] {
  const masked = header.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => '"'.repeat(quoted.length));
  const schemes = [...masked.matchAll(SCHEME)];
  return schemes.flatMap((scheme, at) => {
    if (scheme[1]?.toLowerCase() !== 'bearer') return [];
    return [header.slice(scheme.index + scheme[0].length, schemes[at + 1]?.index)];
  });
}
