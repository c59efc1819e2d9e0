/**
 * Puts further members at the end of params.
 * @param params JSON text of an object
 * @param members JSON text of the members, without braces; may be empty
 */
export function addParams(params: string, members: string): string {
  if (members === '') return params;
  return params === '{}' ? `{${members}}` : `${params.slice(0, -1)},${members}}`;
}
