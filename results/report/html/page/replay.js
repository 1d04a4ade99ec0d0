"use strict";

// The page of one scene.

readData().then(scene => {
  new Replay(document.querySelector(".scene"), scene, document);
  document.documentElement.dataset.drawn = "yes";
});
