import type { Tag } from '@heddle/sdk'

/** Tags as people write them, `Name: value` or `Name=value` in lines. Throws on a line that is neither. */
export function parseTags(text: string): Tag[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^([^:=]+?)\s*[:=]\s*(.*)$/.exec(line)
      const [, name, value] = match ?? []
      if (name === undefined || value === undefined) {
        throw new Error(`“${line}” is no tag: write Name: value`)
      }
      return { name, value }
    })
}
