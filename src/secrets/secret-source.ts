/** Where the values of a plan's secrets come from; plans hold names only. */
export type SecretSource = {
  /**
   * The value of a secret.
   * @param name what the plan calls it, by Key Vault's rule: 1 to 127 letters, digits and hyphens
   * @throws Error when there is none, naming the secret and where it was looked for, never a value
   */
  get(name: string): Promise<string>;
};
