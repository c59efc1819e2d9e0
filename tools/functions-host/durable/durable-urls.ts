/** Where the durable HTTP API of a host is, and under which name its hub goes. */
export interface DurableEndpoint {
  /** Origin of the app's own listener, which serves the API under /runtime/webhooks/durabletask. */
  readonly origin: string;
  /** Base of the API that only this machine reaches; clients use this one. Ends with a slash. */
  readonly rpcBaseUrl: string;
  readonly hubName: string;
  /** The key in the URLs. The local host does not ask for it, as Core Tools does not. */
  readonly key: string;
}

export const WEBHOOK_PATH = '/runtime/webhooks/durabletask';

/** The management URLs of one instance, as the extension returns them when it starts. */
export function managementUrls(origin: string, { hubName, key }: DurableEndpoint, instanceId: string) {
  const instance = `${origin}${WEBHOOK_PATH}/instances/${instanceId}`;
  const query = `taskHub=${hubName}&connection=Storage&code=${key}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

/** What a durable client binding hands to a function, as JSON text. */
export function durableClientBinding(endpoint: DurableEndpoint): string {
  const { origin, hubName, key, rpcBaseUrl } = endpoint;
  const create = `${origin}${WEBHOOK_PATH}/orchestrators/{functionName}[/{instanceId}]`;
  const wait = 'timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}';
  const { id, statusQueryGetUri, sendEventPostUri, terminatePostUri, purgeHistoryDeleteUri, ...others } =
    managementUrls(origin, endpoint, 'INSTANCEID');
  const rewindPostUri = terminatePostUri.replace('/terminate?', '/rewind?');
  return JSON.stringify({
    taskHubName: hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${create}?code=${key}`,
      createAndWaitOnNewInstancePostUri: `${create}?${wait}&code=${key}`,
    },
    managementUrls: {
      id,
      statusQueryGetUri,
      sendEventPostUri,
      terminatePostUri,
      rewindPostUri,
      purgeHistoryDeleteUri,
      ...others,
    },
    baseUrl: `${origin}${WEBHOOK_PATH}`,
    requiredQueryStringParameters: `code=${key}`,
    rpcBaseUrl,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  });
}
