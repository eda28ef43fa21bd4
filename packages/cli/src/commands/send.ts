import { type Command, clientFlags, idArgument } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { messageFlags, messageInput } from '../message-input.ts'
import { answer, elapsed, withProgress } from '../output.ts'
import { answerResult, describeCost, describeSlot } from '../result.ts'

export const sendCommand: Command = {
  name: 'send',
  usage: 'PROCESS',
  summary: 'Send a message and show what came of it',
  flags: {
    ...clientFlags,
    ...messageFlags,
    'no-wait': { type: 'boolean', help: 'end once the message has its slot' },
  },
  arguments: [1, 1],
  async run({ values: [id], flags, signal }) {
    const processId = idArgument('process', id)
    const message = await messageInput(flags, signal)
    const client = await connectSigned(flags)
    const handle = client.process(processId)
    const json = flags.json === true
    if (flags['no-wait'] === true) {
      const messageId = await withProgress('sending', handle.post(message))
      answer(json, { id: messageId }, `message  ${messageId}`)
      return 0
    }
    const took = elapsed()
    const result = await withProgress('waiting for the result', handle.send(message))
    return answerResult(result, {
      json,
      value: { id: result.id, slot: result.slot, result: result.raw },
      head: describeSlot(result),
      tail: describeCost(took(), result),
      reader: client.address,
    })
  },
}
