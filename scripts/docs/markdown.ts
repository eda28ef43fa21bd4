/** A generated page; ends with one line break. */
export function page(title: string, lines: readonly string[]): string {
  return `---\neditLink: false\n---\n\n# ${title}\n\n${lines.join('\n').trimEnd()}\n`
}

export function generatedBy(what: string): string {
  return `*Made by \`node scripts/generate-docs.ts\` from ${what}; a test compares it.*\n`
}

/** A row of a table. Cells are text: what VitePress would take for its own is escaped. */
export function row(...cells: readonly string[]): string {
  const safe = cells.map((cell) =>
    cell.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;'),
  )
  return `| ${safe.join(' | ')} |`
}
