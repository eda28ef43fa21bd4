import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { errorMessage, HeddleError } from '@heddle/protocol/base'
import { linkImports } from './link.ts'

/**
 * Reads an actor's source. Types are stripped here, once, by the author's machine: what every node then
 * evaluates is the same JavaScript, whatever its Node version; lines and columns stay what they were.
 * Files it imports by a relative path are taken into it. Throws `source-unreadable`, or `source-invalid` for
 * TypeScript whose types cannot just be left out.
 */
export async function readActorSource(path: string): Promise<string> {
  const text = await readScript(path)
  if (!/\.[cm]?[jt]s$/.test(path)) return text
  return linkImports(path, text, async (from, target) => {
    const imported = join(dirname(from), target)
    return { path: imported, text: await readScript(imported) }
  })
}

async function readScript(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    const told = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('source-unreadable', 'invalid', told, { path }, { cause })
  })
  if (!/\.[cm]?ts$/.test(path)) return text
  try {
    return stripTypeScriptTypes(text)
  } catch (cause) {
    const why = errorMessage(cause).split('\n', 1)[0]?.trim()
    const told = `${path} is not erasable TypeScript (no enums, no namespaces): ${why}`
    throw new HeddleError('source-invalid', 'invalid', told, { path }, { cause })
  }
}
