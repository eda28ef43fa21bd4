import { type Command, clientFlags } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { answer, withProgress } from '../output.ts'
import { describeResult } from '../result.ts'

export const evalCommand: Command = {
  name: 'eval',
  usage: 'PROCESS CODE',
  summary: 'Evaluate code in a process you own (Lua in aos, JavaScript in js actors)',
  flags: clientFlags,
  arguments: [2, 2],
  async run({ values: [id = '', code = ''], flags }) {
    const client = await connectSigned(flags)
    const sending = client.process(id).send({ action: 'Eval', data: code })
    const result = await withProgress('waiting for the result', sending)
    answer(
      flags.json === true,
      { id: result.id, slot: result.slot, result: result.raw },
      describeResult(result),
    )
    return result.error === undefined ? 0 : 1
  },
}
