import { type Command, clientFlags, tagFlags, textFlag } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { answer, elapsed, withProgress } from '../output.ts'
import { describeResult } from '../result.ts'

export const sendCommand: Command = {
  name: 'send',
  usage: 'PROCESS',
  summary: 'Send a message and show what came of it',
  flags: {
    ...clientFlags,
    action: { type: 'string', short: 'a', help: 'the Action tag' },
    data: { type: 'string', short: 'd', help: 'TEXT of the message' },
    tag: { type: 'string', multiple: true, help: 'Name=Value, may be repeated' },
  },
  arguments: [1, 1],
  async run({ values: [id = ''], flags }) {
    const client = await connectSigned(flags)
    const action = textFlag(flags, 'action')
    const data = textFlag(flags, 'data')
    const took = elapsed()
    const sending = client.process(id).send({
      ...(action === undefined ? {} : { action }),
      ...(data === undefined ? {} : { data }),
      tags: tagFlags(flags),
    })
    const result = await withProgress('waiting for the result', sending)
    const { id: messageId, slot, raw } = result
    const text = `slot ${slot}  ${describeResult(result)}  (${took()})`
    answer(flags.json === true, { id: messageId, slot, result: raw }, text)
    return result.error === undefined ? 0 : 1
  },
}
