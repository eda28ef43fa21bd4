/** Light, dark, or whatever the system says. */
export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'heddle-theme'

export function readTheme(): Theme {
  const stored = localStorage.getItem(storageKey)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

/** Applies the stored theme, or a new one and stores it. Charts listen to `heddle-theme`. */
export function applyTheme(theme: Theme = readTheme()): void {
  localStorage.setItem(storageKey, theme)
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  window.dispatchEvent(new Event('heddle-theme'))
}
