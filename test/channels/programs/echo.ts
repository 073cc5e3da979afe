import { stdioChannel } from '../../../transport/channels/index.ts';

// Says back what it hears, until its peer has ended.
const line = await stdioChannel().open(new AbortController().signal);
line.pipe(line);
