/** The four servers of the reference fleet, in the order in which every list shows them. */
export const serverNames = ['learn', 'github', 'context7', 'ado'] as const;

export type ServerName = (typeof serverNames)[number];

/** The fleet's default ports on 127.0.0.1. The targets in `plans/` use them. */
export const standardPorts: Readonly<Record<ServerName, number>> = {
  learn: 4801,
  github: 4802,
  context7: 4803,
  ado: 4804,
};

/** The secrets that the servers with authentication accept. */
export type FleetSecrets = {
  readonly githubToken: string;
  readonly context7ApiKey: string;
  readonly adoClientId: string;
  readonly adoClientSecret: string;
};

/** The default secrets. They give access to nothing except a fleet on this computer. */
export const fleetSecrets: FleetSecrets = {
  githubToken: 'demo-github-token',
  context7ApiKey: 'demo-context7-key',
  adoClientId: 'demo-ado-client',
  adoClientSecret: 'demo-ado-secret',
};
