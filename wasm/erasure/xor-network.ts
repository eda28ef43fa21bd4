/** A value of a straight-line XOR program: an input (0 … 7) or the result of an earlier gate. */
export type Signal = number

export type XorNetwork = {
  /** Gate g makes signal 8 + g from two earlier signals. */
  readonly gates: readonly (readonly [Signal, Signal])[]
  /** For each output the signals that are left to be added up, at least one unless it is zero. */
  readonly outputs: readonly (readonly Signal[])[]
}

/**
 * A short XOR program for an 8 × 8 matrix over GF(2), row p of it as a mask of inputs. Greedy
 * (Paar, ISIT 1997): the pair of signals that most outputs share becomes a gate, until no pair is
 * shared. The first of equal pairs wins, so the program is the same on every machine.
 */
export function shareXors(rows: readonly number[]): XorNetwork {
  const outputs = rows.map((mask) => {
    const signals = new Set<Signal>()
    for (let bit = 0; bit < 8; bit++) if ((mask >> bit) & 1) signals.add(bit)
    return signals
  })
  const gates: [Signal, Signal][] = []
  for (;;) {
    const pair = mostSharedPair(outputs, 8 + gates.length)
    if (pair === undefined) break
    const [a, b] = pair
    for (const signals of outputs) {
      if (!signals.has(a) || !signals.has(b)) continue
      signals.delete(a)
      signals.delete(b)
      signals.add(8 + gates.length)
    }
    gates.push(pair)
  }
  return { gates, outputs: outputs.map((signals) => [...signals].sort((a, b) => a - b)) }
}

function mostSharedPair(
  outputs: readonly ReadonlySet<Signal>[],
  signalCount: number,
): [Signal, Signal] | undefined {
  let best: [Signal, Signal] | undefined
  let bestCount = 1
  for (let a = 0; a < signalCount; a++) {
    for (let b = a + 1; b < signalCount; b++) {
      const count = outputs.filter((signals) => signals.has(a) && signals.has(b)).length
      if (count > bestCount) [best, bestCount] = [[a, b], count]
    }
  }
  return best
}
