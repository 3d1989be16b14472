// Light, dark or as the system has it. A plain script, run before the page is drawn, so that nothing flashes.
(() => {
  const NAMES = ["auto", "light", "dark"];
  const root = document.documentElement;
  let theme = "auto";
  try {
    theme = localStorage.getItem("limner-theme") ?? "auto";
  } catch {
    /* storage is off: as the system has it */
  }
  root.dataset.theme = NAMES.includes(theme) ? theme : "auto";
  document.addEventListener("DOMContentLoaded", () => {
    const tell = () => {
      const name = root.dataset.theme;
      document.getElementById("theme-name").textContent = `${name[0].toUpperCase()}${name.slice(1)}`;
      document.getElementById("theme").title = `Colours: ${name}. Press for the next.`;
    };
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = NAMES[(NAMES.indexOf(root.dataset.theme) + 1) % NAMES.length];
      try {
        localStorage.setItem("limner-theme", root.dataset.theme);
      } catch {
        /* kept as long as this page */
      }
      tell();
    });
    tell();
  });
})();
