/** What `--name=…` was given on the command line. */
export function flag(name: string): string | undefined {
  const start = `--${name}=`
  return process.argv.find((word) => word.startsWith(start))?.slice(start.length)
}

/** `--name=N`: a whole number over zero, or the usual one. */
export function wholeNumber(name: string, usual: number): number {
  const given = flag(name)
  const value = given === undefined ? usual : Number(given)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name}=${given}: give a whole number over zero`)
}
