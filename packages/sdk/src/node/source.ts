import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { errorMessage, HeddleError } from '@heddle/protocol/base'

/**
 * Reads an actor's source. Types are stripped here, once, by the author's machine: what every node then
 * evaluates is the same JavaScript, whatever its Node version.
 */
export async function readActorSource(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const told = `cannot read ${path}: ${errorMessage(cause)}`
    throw new HeddleError('source-unreadable', 'invalid', told, { path }, { cause })
  }
  if (!/\.m?ts$/.test(path)) return text
  try {
    return stripTypeScriptTypes(text)
  } catch (cause) {
    const told = `${path} is not erasable TypeScript (no enums, namespaces): ${errorMessage(cause)}`
    throw new HeddleError('source-invalid', 'invalid', told, { path }, { cause })
  }
}
