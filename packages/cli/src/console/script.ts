import { createInterface } from 'node:readline'
import { isUnfinished } from '@heddle/sdk/console'
import type { Session } from './session.ts'

/** Evaluates what comes on standard input, one whole piece of code after another, without prompts. */
export async function runScript(session: Session, signal: AbortSignal): Promise<void> {
  let code = ''
  for await (const line of createInterface({ input: process.stdin, signal })) {
    const [, name = '', text = ''] = (code === '' && /^\.(\w+)\s*(.*)$/.exec(line)) || []
    const command = Object.hasOwn(session.commands, name) ? session.commands[name] : undefined
    if (command !== undefined) await session.command(command, text)
    else if (name !== '') session.fault(`no command .${name}: ${known(session)}`)
    else {
      code += `${line}\n`
      if (isUnfinished(code, session.subject.language)) continue
      if (code.trim() !== '') await session.evaluate(code.replace(/\n$/, ''), signal)
      code = ''
    }
  }
  if (code.trim() !== '') session.fault('the code ends before it is whole: nothing of it was sent')
}

function known({ commands }: Session): string {
  return Object.keys(commands)
    .map((name) => `.${name}`)
    .join(', ')
}
