import { type Command, clientFlags, idArgument, textFlag } from '../command.ts'
import { connectReader } from '../connect.ts'
import { messageFlags, messageInput } from '../message-input.ts'
import { withProgress } from '../output.ts'
import { answerResult } from '../result.ts'

/** Who asks where nobody has a wallet; the SDK's word for it. */
const nobody = '0'

export const readCommand: Command = {
  name: 'read',
  usage: 'PROCESS',
  summary: 'Ask a process without leaving a trace (a dry-run)',
  flags: {
    ...clientFlags,
    ...messageFlags,
    owner: { type: 'string', help: 'ADDRESS to ask as (default: the wallet’s, if there is one)' },
  },
  arguments: [1, 1],
  async run({ values: [id], flags, signal }) {
    const processId = idArgument('process', id)
    const message = await messageInput(flags, signal)
    const client = await connectReader(flags)
    const reader = textFlag(flags, 'owner') ?? client.address ?? nobody
    const reading = client.process(processId).read({ ...message, owner: reader })
    const result = await withProgress('waiting for the answer', reading)
    return answerResult(result, { json: flags.json === true, value: result.raw, reader })
  },
}
