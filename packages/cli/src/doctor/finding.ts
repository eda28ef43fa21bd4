/** What one check found. `advice` says what to do, wherever there is something to do. */
export type Finding = {
  readonly check: string
  readonly state: 'good' | 'warning' | 'fault'
  readonly text: string
  readonly advice?: string
}

export function good(check: string, text: string): Finding {
  return { check, state: 'good', text }
}

export function warning(check: string, text: string, advice: string): Finding {
  return { check, state: 'warning', text, advice }
}

export function fault(check: string, text: string, advice: string): Finding {
  return { check, state: 'fault', text, advice }
}

const marks = { good: 'ok  ', warning: 'warn', fault: 'BAD ' } as const

/** A line for each, and what to do below it. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, state, text, advice }) => {
    const line = `${marks[state]}  ${check.padEnd(9)} ${text}`
    return advice === undefined ? [line] : [line, `                → ${advice}`]
  })
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length
  const faults = count('fault')
  const warnings = count('warning')
  const verdict =
    faults === 0 && warnings === 0 ? 'all is well' : `${faults} bad, ${warnings} to look at`
  return [...lines, '', verdict].join('\n')
}
