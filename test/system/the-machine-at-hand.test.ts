import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { vmPrograms } from '../../scripts/vm/programs.ts';
import { needs } from './support/needs.ts';

const command = ['--import', 'tsx', 'scripts/vm/vm.ts'];
const run = promisify(execFile);

interface Said {
  readonly event: string;
  readonly sockets?: Readonly<Record<string, string>>;
  readonly line?: string;
  readonly direction?: string;
  readonly failed?: string;
}

needs(...vmPrograms)('npm run vm', () => {
  it('boots a machine, shows calls both ways on two lines, has lines to try commands on, and ends all with Ctrl-C', async () => {
    const vm = spawn(process.execPath, [...command, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve) => vm.once('exit', resolve));
    const seen = new Set<string>();
    let sockets: Readonly<Record<string, string>> = {};
    for await (const text of createInterface({ input: vm.stdout })) {
      const said = JSON.parse(text) as Said;
      if (said.sockets !== undefined) sockets = said.sockets;
      if (said.event === 'call') {
        expect(said.failed).toBe(undefined);
        seen.add(`${said.line} ${said.direction}`);
      }
      if (seen.size === 4) break;
    }
    vm.stdout.resume();
    const line = (path = '', protocol = '') => ['--channel', 'qemu-chardev', '--path', path, '--protocol', protocol];
    const virtagent = (...args: string[]) => {
      const done = run(process.execPath, ['dist/virtagent.js', ...args]);
      // What exec is to give the guest's program ends here.
      done.child.stdin?.end();
      return done;
    };
    expect((await virtagent('call', 'capabilities', ...line(sockets['spare'], 'virtagent-2'))).stdout).toContain('getfile');
    expect((await virtagent('exec', ...line(sockets['qemuGa'], 'qemu-ga'), '--', 'cat', '/agent/agents')).stdout).toContain('qemu-ga');
    vm.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(existsSync(dirname(sockets['agent'] as string))).toBe(false);
  });

  /** It, with a machine that runs, and the machine's folder. */
  const booted = async (): Promise<{ vm: ChildProcess; folder: string }> => {
    const vm = spawn(process.execPath, [...command, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const text of createInterface({ input: vm.stdout })) {
      const { sockets } = JSON.parse(text) as Said;
      if (sockets !== undefined) return { vm, folder: dirname(sockets['agent'] as string) };
    }
    throw new Error('it ended before its machine ran');
  };
  const processes = async (): Promise<string> => (await run('ps', ['-eo', 'args'])).stdout;

  it('leaves no machine behind when it is killed', async () => {
    const { vm, folder } = await booted();
    expect(await processes()).toContain(folder);
    vm.kill('SIGKILL');
    await expect.poll(processes).not.toContain(folder);
    rmSync(folder, { recursive: true });
  });

  it('leaves neither machine nor folder behind when a second signal ends it at once', async () => {
    const { vm, folder } = await booted();
    const ended = once(vm, 'exit');
    vm.kill('SIGTERM');
    // Two that come at once are one.
    await pause(5);
    vm.kill('SIGTERM');
    await ended;
    await expect.poll(processes).not.toContain(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('says what to install where QEMU is not', async () => {
    const PATH = mkdtempSync(join(tmpdir(), 'virtagent-no-programs-'));
    const { code, stderr } = await run(process.execPath, command, { env: { ...process.env, PATH } }).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    rmSync(PATH, { recursive: true });
    expect([code, stderr]).toEqual([1, 'vm: qemu-system-x86_64 is not installed: run `npm run setup:system`\n']);
  });

  it('says what it can do, and refuses what it can not', async () => {
    expect((await run(process.execPath, [...command, '--help'])).stdout).toContain('npm run setup:system');
    await expect(run(process.execPath, [...command, '--fast'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^vm: Unknown option '--fast'[^\n]*\n$/),
    });
  });
});
