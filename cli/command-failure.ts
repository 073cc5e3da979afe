import { VirtagentError } from '../actors/index.ts';

/** What went wrong after a command was started in the guest: the agent can't end it, but who wants to can be told its process. */
export class CommandFailure extends VirtagentError {
  readonly pid: number;

  constructor(pid: number, cause: VirtagentError) {
    const { code, message, remote, method, data } = cause;
    const runsOn = `as process ${pid} it runs on in the guest (virtagent exec ... -- kill ${pid} ends it)`;
    super(code, `${message}; ${runsOn}`, { known: 'executed', remote, method, data, cause });
    this.pid = pid;
  }
}
