import type { ServerName } from './server-name.ts';

/** Where the fleet listens unless it is told otherwise; the plans shipped with the app aim there. */
export const standardPorts: Readonly<Record<ServerName, number>> = {
  learn: 4801,
  github: 4802,
  context7: 4803,
  ado: 4804,
};
