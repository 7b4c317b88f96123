// The theme's buttons that open a part of the side bar have no name of their own.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("nav summary")) {
    button.setAttribute("aria-label", "Show or hide the pages below");
  }
});
