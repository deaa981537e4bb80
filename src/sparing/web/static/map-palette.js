// Colors that stay apart for people who do not see red, green or blue, in light and in dark.
// Found by a search for ten that are far from each other in OKLab, as seen with each of these.

/** @type {Record<"light" | "dark", string[]>} */
export const CLASSES = {
  light: ["#2d87ff", "#ff870f", "#007869", "#b45ab4", "#87001e", "#1ec387", "#781eb4", "#d21e00", "#a5a5e1", "#3c3c69"],
  dark: ["#00a5ff", "#f0961e", "#87ffb4", "#d269b4", "#ffe10f", "#785ae1", "#d23c0f", "#d2c3ff", "#0f8769", "#96c3a5"],
};
/** From little to much: one line from blue through grey to yellow, each step lighter, or darker. */
export const STEPS = {
  light: ["#d9c04c", "#b0a069", "#7f7f7d", "#4d648a", "#0d3b74"],
  dark: ["#3f6fb0", "#6d84a6", "#9b9b9b", "#c9b573", "#fbdc4a"],
};
const QUIET = { light: "#8b9197", dark: "#7d858c" };

/** The color of each code, as CSS says it; code 0 is quiet.
 * @param {number} n_codes @param {boolean} steps @param {boolean} isDark @returns {string[]} */
export function palette(n_codes, steps, isDark) {
  const mode = isDark ? "dark" : "light";
  const colors = (steps ? STEPS : CLASSES)[mode];
  const named = Array.from({ length: n_codes }, (_, i) => /** @type {string} */ (colors[i % colors.length]));
  return [QUIET[mode], ...named];
}

/** The same as numbers: 0xbbggrr, as pixels lie in memory.
 * @param {readonly string[]} colors */
export function packed(colors) {
  const numbers = new Uint32Array(256);
  colors.forEach((color, code) => {
    const [r = "0", g = "0", b = "0"] = color.match(/[0-9a-f]{2}/g) ?? [];
    numbers[code] = parseInt(r, 16) | (parseInt(g, 16) << 8) | (parseInt(b, 16) << 16);
  });
  return numbers;
}
