/** What the guarded servers of the fleet accept. */
export interface FleetSecrets {
  readonly githubToken: string;
  readonly context7ApiKey: string;
  readonly adoClientId: string;
  readonly adoClientSecret: string;
}

/** The secrets a fleet takes unless told otherwise. They open nothing but a fleet on this computer. */
export const fleetSecrets: FleetSecrets = {
  githubToken: 'demo-github-token',
  context7ApiKey: 'demo-context7-key',
  adoClientId: 'demo-ado-client',
  adoClientSecret: 'demo-ado-secret',
};
