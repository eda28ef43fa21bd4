import { findSubject } from '@heddle/sdk/console'
import { type Command, clientFlags, idArgument } from '../command.ts'
import { connectSigned } from '../connect.ts'
import { runScript } from '../console/script.ts'
import { Session } from '../console/session.ts'
import { Terminal } from '../console/terminal.ts'
import { remark } from '../output.ts'

export const consoleCommand: Command = {
  name: 'console',
  usage: '[PROCESS]',
  summary: 'Talk to a process you own: JavaScript in js actors, Lua in aos',
  flags: Object.fromEntries(Object.entries(clientFlags).filter(([name]) => name !== 'json')),
  arguments: [0, 1],
  async run({ values: [id], flags, signal }) {
    const client = await connectSigned(flags)
    const given = id === undefined ? undefined : idArgument('process', id)
    const processId = given ?? (await client.spawn({ source: '', signal })).id
    if (given === undefined) remark(`spawned an empty js actor: ${processId}`)
    const subject = await findSubject(client, processId)
    const session = new Session(subject, client.url)
    if (!process.stdin.isTTY) {
      await runScript(session, signal)
      return session.isGood ? 0 : 1
    }
    remark(`${subject.language} · .help tells the commands · Tab completes · Ctrl-D leaves`)
    await new Terminal(session, client.address).run()
    return 0
  },
}
