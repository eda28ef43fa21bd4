const lineWidth = 100

/** JSON as the formatter of this repository has it: short lists of plain values on one line. */
export function printJson(value: unknown, indent = '', used = 0): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const line = `[${value.map((one) => JSON.stringify(one)).join(', ')}]`
    const isPlain = value.every((one) => typeof one !== 'object' || one === null)
    if (isPlain && used + line.length < lineWidth) return line
    return `[\n${value.map((one) => inner + printJson(one, inner)).join(',\n')}\n${indent}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([name, one]) => {
    const head = `${inner}${JSON.stringify(name)}: `
    return head + printJson(one, inner, head.length)
  })
  return `{\n${lines.join(',\n')}\n${indent}}`
}
