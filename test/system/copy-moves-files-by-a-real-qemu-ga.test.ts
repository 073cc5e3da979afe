import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder, run, start, type Run } from '../cli/support.ts';
import { needs } from './support/needs.ts';
import { realAgent, type CommandsAgent } from './support/real-agent.ts';

needs('qemu-ga')('virtagent copy, with a real qemu-ga', () => {
  const copy = async ({ line }: CommandsAgent, from: string, to: string, ...more: string[]): Promise<Run> =>
    run(['copy', from, to, ...line, ...more]);
  const content = randomBytes(8 * 1024 * 1024);
  const sha256 = createHash('sha256').update(content).digest('hex');

  test('8 MiB are the same in the guest and back', async () => {
    const agent = await realAgent();
    const ours = folder();
    writeFileSync(join(ours, 'big'), content);
    const there = await copy(agent, join(ours, 'big'), `guest:${agent.folder}/`);
    expect([there.code, there.stderr]).toEqual([0, '']);
    expect(there.stdout).toMatch(new RegExp(`8388608 bytes in .*, sha256 ${sha256}; checked: sha256 is that of the guest's sha256sum\\n$`));
    expect(readdirSync(agent.folder)).toEqual(['big']);
    expect(statSync(join(agent.folder, 'big')).mode & 0o777).toBe(0o644);
    const back = await copy(agent, `guest:${agent.folder}/big`, join(ours, 'back'), '--json');
    expect(JSON.parse(back.stdout)).toMatchObject({ bytes: content.length, sha256 });
    for (const path of [join(agent.folder, 'big'), join(ours, 'back')]) expect(readFileSync(path).equals(content)).toBe(true);
    expect(agent.openFiles()).toEqual([]);
  });

  test('without guest-exec they are written in place and read back, and that is said', async () => {
    const agent = await realAgent('guest-exec');
    const ours = folder();
    writeFileSync(join(ours, 'big'), content);
    const there = await copy(agent, join(ours, 'big'), `guest:${agent.folder}/copy`);
    expect(there.code).toBe(0);
    expect(there.stderr).toMatch(
      /^virtagent: the agent there runs no commands: ".*copy" is written in place, and is incomplete until the copy has ended\n$/,
    );
    expect(there.stdout).toMatch(/checked: the file was read back: the guest runs no sha256sum\n$/);
    const back = await copy(agent, `guest:${agent.folder}/copy`, join(ours, 'back'));
    expect(back.stdout).toMatch(/checked: the file was read twice: the guest runs no sha256sum\n$/);
    expect(readFileSync(join(ours, 'back')).equals(content)).toBe(true);
    expect(agent.openFiles()).toEqual([]);
    expect((await copy(agent, join(ours, 'big'), `guest:${agent.folder}/copy`, '--keep-mode')).stderr).toMatch(/^virtagent: UNSUPPORTED: /);
  });

  test('what is replaced keeps its permissions, a link stays, a directory takes the name, --keep-mode keeps the mode', async () => {
    const agent = await realAgent();
    const ours = folder();
    writeFileSync(join(ours, 'file'), 'new', { mode: 0o600 });
    mkdirSync(join(agent.folder, 'dir'));
    writeFileSync(join(agent.folder, 'real'), 'old', { mode: 0o640 });
    symlinkSync('real', join(agent.folder, 'link'));
    expect((await copy(agent, join(ours, 'file'), `guest:${agent.folder}/link`)).stdout).toContain(`guest:${agent.folder}/real: 3 bytes`);
    expect([readlinkSync(join(agent.folder, 'link')), readFileSync(join(agent.folder, 'real'), 'utf8')]).toEqual(['real', 'new']);
    expect((await copy(agent, join(ours, 'file'), `guest:${agent.folder}/dir`, '--keep-mode')).code).toBe(0);
    const modes = ['real', 'dir/file'].map((name) => statSync(join(agent.folder, name)).mode & 0o777);
    expect(modes).toEqual([0o640, 0o600]);
  });

  test('names that a shell would read otherwise are names', async () => {
    const agent = await realAgent();
    const ours = folder();
    for (const name of ["a b'c", '$(touch x)', '-rf', 'back\\slash', 'star*']) {
      writeFileSync(join(ours, 'file'), name);
      expect((await copy(agent, join(ours, 'file'), `guest:${agent.folder}/${name}`)).stderr).toBe('');
      expect((await copy(agent, `guest:${agent.folder}/${name}`, '-')).stdout).toBe(name);
    }
    expect(readdirSync(agent.folder)).toHaveLength(5);
  });

  test('what can not be copied is said, and nothing is left', async () => {
    const agent = await realAgent();
    const ours = folder();
    writeFileSync(join(ours, 'file'), 'x');
    const cases: [string, string, number, RegExp][] = [
      ['guest:/none', `${ours}/x`, 1, /REMOTE_ERROR: failed to open file '\/none'.*No such file or directory/],
      ['guest:/', `${ours}/x`, 1, /INVALID_RESPONSE: guest-file-seek: .*it is a directory, or no regular file/],
      [`${ours}/file`, 'guest:/none/x', 1, /HANDLER_FAILED: "guest:\/none\/x" can not be written: /],
      [
        `${ours}/file`,
        'guest:/dev/null',
        1,
        /HANDLER_FAILED: "guest:\/dev\/null" can not be written: it is neither a regular file nor a directory/,
      ],
    ];
    for (const [from, to, code, message] of cases) {
      const ended = await copy(agent, from, to);
      expect([ended.code, ended.stderr.split('\n')[0]]).toEqual([code, expect.stringMatching(message)]);
    }
    expect(readdirSync(ours)).toEqual(['file']);
    expect(readdirSync(agent.folder)).toEqual([]);
  });

  test('a file of /proc is copied', async () => {
    const agent = await realAgent();
    expect((await copy(agent, 'guest:/proc/version', '-')).stdout).toBe(readFileSync('/proc/version', 'utf8'));
  });

  test.each(['from', 'to'] as const)('a copy %s the guest that Ctrl-C ends leaves no file, and no handle', async (direction) => {
    const agent = await realAgent();
    const ours = folder();
    for (const dir of [ours, agent.folder]) writeFileSync(join(dir, 'big'), content);
    const places = direction === 'from' ? [`guest:${agent.folder}/big`, `${ours}/copy`] : [`${ours}/big`, `guest:${agent.folder}/copy`];
    const copying = start(['copy', ...places, ...agent.line, '--piece', '1000', '--trace']);
    await copying.printed('stderr', /→ request \S+ guest-file-(?:read|write)/, 20);
    expect(agent.openFiles()).toHaveLength(1);
    const { code } = await copying.stop('SIGINT');
    expect(code).toBe(130);
    // The agent starts the command that removes a file, and does not wait for its end.
    await expect.poll(() => [readdirSync(ours), readdirSync(agent.folder), agent.openFiles()]).toEqual([['big'], ['big'], []]);
  });

  test.each(['from', 'to'] as const)('a copy %s the guest whose line is lost goes on with --retry, where it was', async (direction) => {
    const agent = await realAgent();
    const ours = folder();
    const file = content.subarray(0, 100_000);
    for (const dir of [ours, agent.folder]) writeFileSync(join(dir, 'big'), file);
    const far = join(ours, 'far.sock');
    let lines = 0;
    let bytes = 0;
    // Of answers: those to writes are short.
    const limit = direction === 'from' ? 30_000 : 6000;
    // Each line but the last is cut instead of an answer: what was asked has been done. (qemu-ga dies of an answer to a host that left.)
    const server = createServer((near) => {
      const real = connect(agent.agent.path);
      const isCut = ++lines <= 3;
      for (const socket of [near, real]) socket.on('error', () => {});
      near.once('close', () => real.destroy());
      real.once('close', () => near.destroy());
      near.pipe(real);
      real.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (isCut && bytes > lines * limit) near.destroy();
        else near.write(chunk);
      });
    }).listen(far);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const places = direction === 'from' ? [`guest:${agent.folder}/big`, `${ours}/copy`] : [`${ours}/big`, `guest:${agent.folder}/copy`];
    const line = ['-c', 'unix-connect', '-p', far, '--protocol', 'qemu-ga', '--retry'];
    const { code, stderr } = await run(['copy', ...places, ...line, '--piece', '1000', '--timeout', '20']);
    expect([code, stderr]).toEqual([0, '']);
    expect(lines).toBeGreaterThan(2);
    expect(readFileSync(join(direction === 'from' ? ours : agent.folder, 'copy')).equals(file)).toBe(true);
    expect(agent.openFiles()).toEqual([]);
  });

  test('an agent that is killed ends the copy, and nothing is left here', async () => {
    const agent = await realAgent();
    const ours = folder();
    writeFileSync(join(agent.folder, 'big'), content);
    const copying = start(['copy', `guest:${agent.folder}/big`, `${ours}/copy`, ...agent.line, '--piece', '1000', '--trace']);
    await copying.printed('stderr', /→ request \S+ guest-file-read/, 20);
    await agent.agent.kill();
    const { code, stderr } = await copying.ended;
    expect(code).toBe(5);
    expect(stderr).toMatch(/^virtagent: LINE_LOST: /m);
    expect(readdirSync(ours)).toEqual([]);
  });
});
