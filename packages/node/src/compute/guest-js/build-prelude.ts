import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { type PreludeFile, writeArchive } from './prelude-archive.ts'

/** Every file of the prelude that has code; the last one is started and loads the others. */
const names = [
  'wire.ts',
  'inspect.ts',
  'layout.ts',
  'kind.ts',
  'environment.ts',
  'record.ts',
  'random.ts',
  'match.ts',
  'waits.ts',
  'outgoing.ts',
  'send.ts',
  'message.ts',
  'handlers.ts',
  'inbox.ts',
  'model.ts',
  'evaluate.ts',
  'dispatch.ts',
  'main.ts',
]

/** Builds `prelude.txt` from the sources: types stripped, comments and blank ends of lines gone. */
export function buildPrelude(): string {
  return writeArchive(names.map(readStripped))
}

function readStripped(name: string): PreludeFile {
  const typed = readFileSync(new URL(`prelude/${name}`, import.meta.url), 'utf8')
  const lines = stripTypeScriptTypes(typed)
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/$/gm, '')
    .split('\n')
    .filter((line) => !/^\s*\/\//.test(line))
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
  return { name, source: `${lines.join('\n')}\n` }
}

// The bytes are part of the module's id: written on purpose only, and a test compares them.
if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('prelude.txt', import.meta.url), buildPrelude())
}
