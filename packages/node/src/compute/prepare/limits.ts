/**
 * What a module may have, checked before anything is allocated for it. All are below what V8 itself
 * takes, so that the engine's own limits, which change with its version, never decide.
 */
export const moduleLimits = {
  bytes: 32 * 1024 * 1024,
  types: 20_000,
  /** Parameters or results of one function type. */
  typeValues: 500,
  imports: 2_000,
  functions: 100_000,
  exports: 20_000,
  globals: 20_000,
  tables: 16,
  tableEntries: 200_000,
  elementSegments: 20_000,
  /** Function references in one element segment. */
  elements: 400_000,
  dataSegments: 60_000,
  locals: 20_000,
  bodyBytes: 2 * 1024 * 1024,
  /** A body after preparation; V8 takes 7.6 MB. */
  preparedBodyBytes: 7_000_000,
  preparedBytes: 256 * 1024 * 1024,
  nesting: 4_000,
  jumpTargets: 60_000,
} as const
