import type { Act, ActResult } from '../../records.ts';

/** Asks the agent to do something. What can't be asked is an answer too. */
export async function act(wish: Act): Promise<ActResult> {
  try {
    const answer = await fetch('act', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) });
    const body: unknown = await answer.json();
    if (typeof body === 'object' && body !== null && typeof (body as { ok?: unknown }).ok === 'boolean') return body as ActResult;
    return failed('UNEXPECTED', `the agent answered with status ${answer.status}`);
  } catch (error) {
    return failed('UNREACHABLE', `the agent could not be asked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function failed(code: string, message: string): ActResult {
  return { ok: false, error: { code, message } };
}
