/**
 * What `work` gives, or `aborted()` once the signal aborts. The work goes on; nobody hears of it.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  aborted: () => Error,
): Promise<T> {
  if (signal === undefined) return await work
  const end = Promise.withResolvers<never>()
  const onAbort = () => end.reject(aborted())
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, end.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
