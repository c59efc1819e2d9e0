/**
 * The value of `x-ms-client-principal` as App Service authentication sends it.
 * @param claims by their type; a list stands for several claims of one type
 */
export function principalHeader(
  claims: Readonly<Record<string, string | readonly string[]>>,
  roleType = 'roles',
): string {
  const all = Object.entries(claims).flatMap(([typ, values]) => [values].flat().map((val) => ({ typ, val })));
  const principal = { auth_typ: 'aad', name_typ: 'name', role_typ: roleType, claims: all };
  return Buffer.from(JSON.stringify(principal)).toString('base64');
}
