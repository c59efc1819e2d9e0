import type { ResultJudge } from '../exchange/judgement.ts';
import type { Call } from './call.ts';
import { judgeToolResult } from './tool-result.ts';

const judgeShape: ResultJudge = (result, tool) => judgeToolResult(result, [], tool);

/** Makes calls of one tool; what does not depend on the arguments (JSON text of an object) is made once. */
export function callTool(
  name: string,
  judge: ResultJudge = judgeShape,
  progress = false,
): (argumentsJson: string) => Call {
  const method = 'tools/call';
  const operation = `${method}:${name}`;
  const head = `{"name":${JSON.stringify(name)},"arguments":`;
  return (argumentsJson) => ({ operation, method, name, params: `${head}${argumentsJson}}`, judge, progress });
}
