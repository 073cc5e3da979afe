import { stdioChannel } from '../../../transport/channels/index.ts';

// What a stdio channel refuses, one a line. Nothing is touched before the first open().
const say = (text: unknown): void => void process.stderr.write(`${String(text)}\n`);
const never = new AbortController().signal;
const code = (channel: ReturnType<typeof stdioChannel>): Promise<unknown> =>
  channel.open(never).then(
    () => 'opened',
    (error) => error.code,
  );

const [unused, aborted, used, other] = [stdioChannel(), stdioChannel(), stdioChannel(), stdioChannel()];
await unused.close();
say(await code(unused));
say(await aborted.open(AbortSignal.abort('reason')).catch((reason: unknown) => reason));
say(`${used.name} ${used.reopens} ${used.halfOpen}`);
const line = await used.open(never);
say(line.readableFlowing);
say(await code(used));
say(await code(other));
await used.close();
say(line.destroyed);
line.destroy();
