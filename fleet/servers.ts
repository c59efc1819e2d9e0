/** The four servers of the reference fleet, in the order in which they are listed everywhere. */
export const serverNames = ['learn', 'github', 'context7', 'ado'] as const;

export type ServerName = (typeof serverNames)[number];

/** Where the fleet listens unless it is told otherwise; the plans shipped with the app aim there. */
export const standardPorts: Readonly<Record<ServerName, number>> = {
  learn: 4801,
  github: 4802,
  context7: 4803,
  ado: 4804,
};

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
