import { failureMessage, type InvocationFailure } from '../worker/worker-failure.ts';

export interface ActivityFailure {
  readonly reason: string;
  /** JSON of a .NET exception, which is what the extension stores. */
  readonly details: string;
}

const EXCEPTION_HRESULT = -2_146_233_088;

/**
 * A failed activity as the Durable Task extension writes it down. What the handler threw is wrapped twice; a dead
 * worker and a passed limit are exceptions of the host's own.
 */
export function activityFailure(name: string, failure: InvocationFailure): ActivityFailure {
  const message = failureMessage(failure);
  switch (failure.kind) {
    case 'threw':
      // The message is cut out between two labels, which leaves the blank before it.
      return { reason: `Activity function '${name}' failed:  ${message}`, details: thrownDetails(failure.error) };
    case 'workerExited': {
      const type = 'Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script';
      const { exitCode, pid } = failure;
      const details = { $type: type, ExitCode: exitCode, Pid: pid, ...exceptionTail(message) };
      return { reason: `Activity function '${name}' failed: ${message}`, details: JSON.stringify(details) };
    }
    case 'timedOut': {
      const type = 'Microsoft.Azure.WebJobs.Host.FunctionTimeoutException, Microsoft.Azure.WebJobs.Host';
      const details = { $type: type, ClassName: type.split(',')[0], ...exceptionTail(message) };
      return { reason: `Activity function '${name}' failed: ${message}`, details: JSON.stringify(details) };
    }
  }
}

function thrownDetails({ message, stack }: { readonly message: string; readonly stack: string }): string {
  const rpcException = {
    $type: 'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
    IsUserException: false,
    RemoteStackTrace: stack,
    RemoteMessage: message,
    RemoteTypeName: null,
    Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
    Data: { $type: 'System.Collections.ListDictionaryInternal, System.Private.CoreLib' },
    InnerException: null,
    HelpLink: null,
    Source: 'System.Private.CoreLib',
    HResult: EXCEPTION_HRESULT,
    StackTrace: null,
  };
  return JSON.stringify({
    $type: 'System.Exception, System.Private.CoreLib',
    ClassName: 'System.Exception',
    Message: ` ${message}`,
    Data: null,
    InnerException: rpcException,
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: EXCEPTION_HRESULT,
    Source: null,
    WatsonBuckets: null,
  });
}

function exceptionTail(message: string) {
  return { Message: message, Data: null, InnerException: null, HelpLink: null, HResult: EXCEPTION_HRESULT };
}
