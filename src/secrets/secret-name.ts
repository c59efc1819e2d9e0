/** Key Vault's rule for the names of secrets. */
const SECRET_NAME = /^[0-9A-Za-z-]{1,127}$/;

/**
 * Refuses a name that cannot be a secret's, before it becomes part of a URL or of a variable's name.
 * @throws Error naming the rule
 */
export function assertSecretName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new Error(
    `"${name.slice(0, 127)}" cannot be a secret's name: use 1 to 127 letters, digits and hyphens, as Key Vault does.`,
  );
}
