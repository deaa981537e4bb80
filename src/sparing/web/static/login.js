// Asks for name and password where the server wants them, on every page in the same way.

import { api, ApiError } from "./api.js";
import { el } from "./dom.js";

/** Ask once; the page begins anew when it is let in, and what was not sent waits in this browser. */
export function askToLogIn() {
  if (document.getElementById("login")) return;
  const name = el("input", { id: "login-name", type: "text", maxlength: 200, autocomplete: "username", required: true });
  const word = el("input", { id: "login-word", type: "password", maxlength: 200, autocomplete: "current-password", required: true });
  const said = el("p", { class: "trouble", role: "alert" });
  const enter = el("button", { type: "submit", class: "main" }, "Log in");
  const form = el("form", { class: "login" },
    el("h2", { id: "login-title" }, "Log in"),
    el("label", { for: "login-name" }, "Name"), name,
    el("label", { for: "login-word" }, "Password"), word, said, enter);
  const dialog = el("dialog", { id: "login", "aria-labelledby": "login-title" }, form);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    enter.disabled = true;
    said.textContent = "";
    try {
      await api.logIn(name.value, word.value);
      location.reload();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      said.textContent = error.message;
      word.value = "";
      word.focus();
    } finally {
      enter.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}
