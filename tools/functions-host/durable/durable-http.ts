import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../http/http-listener.ts';
import { RouteTable } from '../http/route-table.ts';
import { eventType, historyEvent } from './history-event.ts';
import type { OrchestrationEngine } from './orchestration-engine.ts';
import { orchestrationStatus } from './orchestration-status.ts';
import { type Instance, isFinished } from './task-hub.ts';

/** The URLs of the durable HTTP API, and the name of the task hub. */
export type DurableEndpoint = {
  /** Origin of the app's listener, which serves the API under WEBHOOK_PATH. */
  readonly origin: string;
  /** Base of the API that durable clients in the worker use. Ends with a slash. */
  readonly rpcBaseUrl: string;
  readonly hubName: string;
  /** The key in the URLs. Like Core Tools, the local host does not check it. */
  readonly key: string;
};

/** Path of the API on the app's listener. */
export const WEBHOOK_PATH = '/runtime/webhooks/durabletask';
/** Path of the API on the listener for durable clients. */
export const RPC_PATH = '/durabletask';

type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

type Call = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Origin of the API as the caller addressed it. */
  readonly origin: string;
  readonly request: IncomingMessage;
};

type Operation = (call: Call) => Answer | Promise<Answer>;

const NOT_FOUND: Answer = { status: 404 };
const GONE: Answer = { status: 410 };
const ACCEPTED: Answer = { status: 202 };
const FORBIDDEN_IN_ID = /[/\\#?]|\p{Cc}/u;

/**
 * The Durable Task extension's HTTP API, which durable clients use: start, query, signal, suspend, terminate and purge
 * instances. Answers 501 to rewind, restart and entities, which the local host does not support.
 */
export function durableHttp(
  engine: OrchestrationEngine,
  endpoint: DurableEndpoint,
): (basePath: string, request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const routes = new RouteTable<Operation>();
  const start: Operation = (call) => startInstance(engine, endpoint, call);
  const purge = (instance: Instance): Answer => {
    engine.hub.remove(instance);
    return { status: 200, body: { instancesDeleted: 1 } };
  };
  const onInstance =
    (operation: (instance: Instance, call: Call) => Answer | Promise<Answer>): Operation =>
    (call) => {
      const instance = engine.hub.find(call.params.id ?? '');
      return instance === undefined ? NOT_FOUND : operation(instance, call);
    };
  const sending = (type: number) =>
    onInstance((instance, { query }) => {
      if (isFinished(instance)) return GONE;
      engine.send(instance, historyEvent(type, { Input: query.get('reason') }));
      return ACCEPTED;
    });

  routes.add('orchestrators/{name}/{id?}', ['POST'], start);
  routes.add('instances', ['GET'], ({ query }) => ({ status: 200, body: list(engine, query) }));
  routes.add('instances', ['DELETE'], ({ query }) => purgeMany(engine, query));
  routes.add('instances/{id}', ['GET'], onInstance(status));
  routes.add('instances/{id}', ['DELETE'], onInstance(purge));
  routes.add('instances/{id}/terminate', ['POST'], sending(eventType.executionTerminated));
  routes.add('instances/{id}/suspend', ['POST'], sending(eventType.executionSuspended));
  routes.add('instances/{id}/resume', ['POST'], sending(eventType.executionResumed));
  routes.add(
    'instances/{id}/raiseEvent/{event}',
    ['POST'],
    onInstance((instance, call) => raiseEvent(engine, instance, call)),
  );
  routes.add('instances/{id}/rewind', ['POST'], () => refused('Rewinding an orchestration'));
  routes.add('instances/{id}/restart', ['POST'], () => refused('Restarting an orchestration'));
  routes.add('entities/{*rest}', [], () => refused('Using durable entities'));

  return async (basePath, request, response) => {
    const origin = `http://${request.headers.host ?? new URL(endpoint.rpcBaseUrl).host}`;
    const url = new URL(request.url ?? '/', origin);
    const found = routes.match(request.method ?? 'GET', url.pathname.slice(basePath.length));
    const call = { params: found?.params ?? {}, query: url.searchParams, origin, request };
    const answer = found === undefined ? NOT_FOUND : await found.target(call);
    request.resume();
    const hasBody = answer.body !== undefined;
    const type = hasBody ? { 'content-type': 'application/json; charset=utf-8' } : {};
    response.writeHead(answer.status, { ...type, ...answer.headers });
    response.end(hasBody ? JSON.stringify(answer.body) : '');
  };
}

function refused(what: string): Answer {
  return { status: 501, body: `${what} is not supported by the local host.` };
}

async function startInstance(engine: OrchestrationEngine, endpoint: DurableEndpoint, call: Call): Promise<Answer> {
  const { name = '', id } = call.params;
  if (id !== undefined && (id.startsWith('@') || FORBIDDEN_IN_ID.test(id) || id.length > 100)) {
    const rule = 'at most 100 characters, without / \\ # ? and control characters, and without @ at the start';
    const message = `Instance id '${id}' is not allowed: ids have ${rule}.`;
    return { status: 400, body: { Message: message } };
  }
  const input = await readJson(call.request);
  if (!input.ok) return input.answer;
  const answer = engine.start({ name, instanceId: id, input: input.json });
  if ('active' in answer) {
    const message = `An orchestration instance with the status ${answer.active.status} already exists.`;
    return { status: 409, body: { Message: message } };
  }
  const urls = managementUrls(call.origin, endpoint, answer.created.instanceId);
  return { status: 202, body: urls, headers: { location: urls.statusQueryGetUri, 'retry-after': '10' } };
}

function status(instance: Instance, { query, request, origin }: Call): Answer {
  const body = orchestrationStatus(instance, {
    showHistory: isTrue(query.get('showHistory')),
    showHistoryOutput: isTrue(query.get('showHistoryOutput')),
    showInput: query.get('showInput')?.toLowerCase() !== 'false',
  });
  if (isFinished(instance)) {
    const asError = instance.status === 'Failed' && isTrue(query.get('returnInternalServerErrorOnFailure'));
    return { status: asError ? 500 : 200, body };
  }
  return { status: 202, body, headers: { location: `${origin}${request.url}`, 'retry-after': '5' } };
}

async function raiseEvent(engine: OrchestrationEngine, instance: Instance, { params, request }: Call): Promise<Answer> {
  if (isFinished(instance)) return GONE;
  if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return { status: 400, body: { Message: 'Only application/json request content is supported' } };
  }
  const data = await readJson(request);
  if (!data.ok) return data.answer;
  const members = { Name: params.event, Input: data.json, ParentTraceContext: null };
  engine.send(instance, historyEvent(eventType.eventRaised, members));
  return ACCEPTED;
}

/** The instances that a query selects: `createdTimeFrom`, `createdTimeTo`, `runtimeStatus=A,B`, `instanceIdPrefix`. */
function select(engine: OrchestrationEngine, query: URLSearchParams): readonly Instance[] {
  const fromMs = Date.parse(query.get('createdTimeFrom') ?? '');
  const toMs = Date.parse(query.get('createdTimeTo') ?? '');
  const statuses = query.getAll('runtimeStatus').flatMap((value) => value.split(','));
  const prefix = query.get('instanceIdPrefix') ?? '';
  return engine.hub
    .all()
    .filter((instance) => !(instance.createdMs < fromMs) && !(instance.createdMs > toMs))
    .filter((instance) => statuses.length === 0 || statuses.includes(instance.status))
    .filter((instance) => instance.instanceId.startsWith(prefix));
}

function list(engine: OrchestrationEngine, query: URLSearchParams) {
  const options = { showHistory: false, showHistoryOutput: false, showInput: query.get('showInput') !== 'false' };
  return select(engine, query).map((instance) => orchestrationStatus(instance, options));
}

function purgeMany(engine: OrchestrationEngine, query: URLSearchParams): Answer {
  if (Number.isNaN(Date.parse(query.get('createdTimeFrom') ?? ''))) {
    return { status: 400, body: "Please provide value for 'createdTimeFrom' parameter." };
  }
  const finished = select(engine, query).filter(isFinished);
  for (const instance of finished) engine.hub.remove(instance);
  return finished.length === 0 ? NOT_FOUND : { status: 200, body: { instancesDeleted: finished.length } };
}

type JsonBody = { readonly ok: true; readonly json: string | null } | { readonly ok: false; readonly answer: Answer };

/** A request's body as compact JSON text; null when the body is empty. */
async function readJson(request: IncomingMessage): Promise<JsonBody> {
  const body = await readBody(request);
  if (body === undefined) return { ok: false, answer: { status: 413 } };
  try {
    return { ok: true, json: body.length === 0 ? null : JSON.stringify(JSON.parse(body.toString('utf8'))) };
  } catch {
    return { ok: false, answer: { status: 400, body: { Message: 'Invalid JSON content' } } };
  }
}

function isTrue(text: string | null): boolean {
  return text?.toLowerCase() === 'true';
}

/** The management URLs of one instance, as the extension returns them when it starts one. */
function managementUrls(origin: string, { hubName, key }: DurableEndpoint, instanceId: string) {
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

/** The value of a durable client binding, as JSON text. */
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
