"""What the paper reports, table by table and figure by figure, and which of our measurements answers to it.

Knows the paper's own numbers (typed from it, each with its place) and names of our metrics. Knows no results
of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FULL_SCALE: Final = "needs SEED-X's own weights"


@dataclass(frozen=True)
class Number:
    """One line of a comparison.

    Args:
        label: what is measured.
        paper: the paper's value as printed; "" where it has none.
        metric: ours, in the claim's suite; for the human study QUESTION.OUTCOME. "" where nothing of ours
            answers to it.
        note: why there is none.
    """

    label: str
    paper: str = ""
    metric: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A table or figure.

    Args:
        place: in the paper.
        shows: what it shows, in our words.
        suite: the suite that measures it, or "study" for the human study.
        numbers: the comparison.
        options: of the command, beside model, num and seed.
        model: the folder's name when it is not the finished model that is measured.
    """

    place: str
    shows: str
    suite: str
    numbers: tuple[Number, ...]
    options: str = ""
    model: str = ""


def _detokenizers() -> tuple[Number, ...]:
    return (
        Number("UNet, tokens alone (SDXL stage 1)", "10.72 dB", "unet_stage1.one_person.psnr_db"),
        Number("UNet, condition image (SDXL stage 2)", "11.02 dB", "unet_stage2.one_person.psnr_db"),
        Number("the same, shown an unrelated picture", metric="unet_stage2_unrelated.one_person.psnr_db"),
        Number("DiT, natural pictures", "14.74 dB", "dit_natural.one_person.psnr_db"),
        Number("DiT, human pictures", "14.50 dB", "dit_64.one_person.psnr_db"),
        Number("the same, close-ups", metric="dit_64.close_up.psnr_db"),
        Number("the same, two persons", metric="dit_64.two_person.psnr_db"),
        Number("bound: the autoencoder alone", metric="autoencoder.one_person.psnr_db"),
        Number("floor: the mean colour", metric="flat.one_person.psnr_db"),
    )


def _likeness_by_stage() -> tuple[Number, ...]:
    paper = {"baseline": ".114", "prompt": ".151", "stage1": ".597", "stage2": ".327", "stage3": ".293"}
    words = {
        "baseline": "baseline",
        "prompt": "+ identity phrases",
        "stage1": "stage 1",
        "stage2": "stage 2",
        "stage3": "stage 3",
    }
    return (
        *(Number(words[stage], value, f"{stage}.paired.face_similarity") for stage, value in paper.items()),
        Number("the model as it ships", metric="model.paired.face_similarity"),
        Number("the same, + identity phrases", metric="model_prompt.paired.face_similarity"),
        Number("the model as it ships: copy-paste", metric="model.paired.copy_paste"),
        Number("ceiling: the true picture", metric="true_picture.paired.face_similarity"),
    )


CLAIMS: Final = (
    Claim(
        place="Figure 2, Section 3.1",
        shows="Detokenizers rebuild a picture from its image tokens; PSNR, there on a part of COCO 2014.",
        suite="reconstruct",
        options="--also dit_natural=FOLDER --also unet_stage1=FOLDER --also unet_stage2=FOLDER",
        numbers=_detokenizers(),
    ),
    Claim(
        place="Figure 12, Section 7",
        shows="More image tokens keep more of a face. The paper shows pictures only.",
        suite="reconstruct",
        options="--also dit_256=FOLDER",
        numbers=(
            Number("64 tokens: face similarity, close-ups", metric="dit_64.close_up.face_similarity"),
            Number("256 tokens: face similarity, close-ups", metric="dit_256.close_up.face_similarity"),
            Number("64 tokens: face similarity, two persons", metric="dit_64.two_person.face_similarity"),
            Number("256 tokens: face similarity, two persons", metric="dit_256.two_person.face_similarity"),
        ),
    ),
    Claim(
        place="Figure 3, Section 3.2",
        shows="Likeness of a given face by stage of training; the paper's ArcFace score.",
        suite="personalize",
        options="--also baseline=FOLDER --also stage1=FOLDER --also stage2=FOLDER --also stage3=FOLDER",
        numbers=_likeness_by_stage(),
    ),
    Claim(
        place="Section 4.2, Figures 6, 11",
        shows="Personalization in one round against SEED-X without fine-tuning: likeness and text.",
        suite="personalize",
        numbers=(
            Number("SEED-X: face similarity", ".094", note=FULL_SCALE),
            Number("ours: face similarity", ".293", "model.paired.face_similarity"),
            Number("SEED-X: CLIP score", "28.36", note=FULL_SCALE),
            Number("ours: CLIP score", "28.59", "model.paired.clip_score"),
            Number("ours: traits told that are seen", metric="model.paired.traits"),
        ),
    ),
    Claim(
        place="Table 1",
        shows="People compare ours with SEED-X, pair by pair: we win, we lose, tie.",
        suite="study",
        numbers=tuple(
            Number(f"{name}: {outcome}", value, f"{question}.{key}")
            for question, name, values in (
                ("quality", "quality", ("73.75%", "3.75%", "22.5%")),
                ("alignment", "alignment", ("36.25%", "15%", "48.75%")),
                ("face", "face", ("71.25%", "2.5%", "26.25%")),
            )
            for (outcome, key), value in zip(
                (("wins", "win"), ("loses", "lose"), ("ties", "tie")), values, strict=True
            )
        ),
    ),
    Claim(
        place="Figures 4, 7, 13",
        shows="Two named people, then a close-up of each by name. The paper judges by eye.",
        suite="named",
        numbers=(
            Number("right person, after its own first picture", metric="own_first.right_person"),
            Number("right person, after the true first picture", metric="true_first.right_person"),
            Number("the same, people of equal traits", metric="true_first.shared_traits.right_person"),
            Number("right person, at once", metric="true_first.distance_1.right_person"),
            Number("right person, six rounds later", metric="true_first.distance_6.right_person"),
            Number("lost on the way, task by task", metric="true_first.lost_by_distance"),
            Number("face similarity to other pictures of the person", metric="true_first.face_similarity"),
            Number("traits told that are seen in its first picture", metric="first_picture.traits_seen"),
            Number("the answer names the right person", metric="own_first.names_person"),
        ),
    ),
    Claim(
        place="Figure 16",
        shows="Without multi-round training the first picture is ignored. Here: the checkpoint before it.",
        suite="named",
        model="stage3",
        numbers=(
            Number("right person, after its own first picture", metric="own_first.right_person"),
            Number("right person, after the true first picture", metric="true_first.right_person"),
        ),
    ),
    Claim(
        place="Figures 8, 14, Section 8",
        shows="The same with full-body pictures in new clothes. The paper judges by eye.",
        suite="full-body",
        numbers=(
            Number("right person, after its own first picture", metric="own_first.right_person"),
            Number("right person, after the true first picture", metric="true_first.right_person"),
            Number("face similarity, after its own first picture", metric="own_first.face_similarity"),
            Number("garments told that are seen", metric="own_first.garments_seen"),
            Number("framing as asked", metric="own_first.framing_right"),
        ),
    ),
    Claim(
        place="Figure 10, Section 7",
        shows="Encoding and decoding again and again loses the picture; cached image tokens do not. PSNR to "
        "round 1, in dB. The paper shows pictures only.",
        suite="drift",
        numbers=(
            Number("re-encoded, after 5 rounds", metric="loop.reencode.round_5.psnr_db"),
            Number("re-encoded, after 10 rounds", metric="loop.reencode.round_10.psnr_db"),
            Number("cached tokens, after 5 rounds", metric="loop.cache.round_5.psnr_db"),
            Number("cached tokens, after 10 rounds", metric="loop.cache.round_10.psnr_db"),
            Number("conversation, token cache: likeness lost", metric="chat.cache.face_similarity.lost"),
            Number("conversation, re-encoded: likeness lost", metric="chat.reencode.face_similarity.lost"),
            Number("re-encoded, dB a round", metric="loop.reencode.psnr_db.drift_per_round"),
            Number("cached tokens, dB a round", metric="loop.cache.psnr_db.drift_per_round"),
        ),
    ),
    Claim(
        place="Figure 15, Section 8",
        shows="One open prompt run twice: other people, consistent within a run. The paper judges by eye.",
        suite="twice",
        numbers=(
            Number("same person within a run, regression", metric="regression.within_run.face_similarity"),
            Number("same person within a run, flow", metric="flow.within_run.face_similarity"),
            Number("diversity across runs, regression", metric="regression.across_runs.diversity"),
            Number("diversity across runs, flow", metric="flow.across_runs.diversity"),
            Number("diversity of strangers with equal traits", metric="true_picture.across_runs.diversity"),
        ),
    ),
    Claim(
        place="Section 3.3.1",
        shows="Edits, one and in Markov chains: what earlier multi-turn sets hold. No numbers in the paper.",
        suite="editing",
        numbers=(
            Number("single edit: right state", metric="single_turn.right_state"),
            Number("single edit: made", metric="single_turn.change_made"),
            Number("single edit: PSNR, dB", metric="single_turn.psnr_db"),
            Number("chain of three: right state", metric="chain.right_state"),
            Number("chain of three: made", metric="chain.change_made"),
            Number("chain: PSNR, dB", metric="chain.psnr_db"),
        ),
    ),
    Claim(
        place="Section 3.3.3 and poster",
        shows="Rollback: going back by count, by content, to the first, and undoing; the ablation sees only "
        "the last round. No numbers in the paper.",
        suite="rollback",
        numbers=(
            Number("right state, whole history", metric="right_state"),
            Number("right state, history cut to the last round", metric="cut_history.right_state"),
            *(
                Number(f"right state, {family.replace('_', ' ')}", metric=f"{family}.right_state")
                for family in ("instead", "step_back", "first", "undo", "before", "after")
            ),
            Number("PSNR to the exact target, dB", metric="psnr_db"),
        ),
    ),
    Claim(
        place="Section 9",
        shows="Question answering is kept in the mix so that reasoning stays. No numbers in the paper.",
        suite="comprehend",
        numbers=(
            Number("answers", metric="question.answers"),
            Number("pointing: a box is given", metric="pointing.box_given"),
            Number("pointing: right person", metric="pointing.right_person"),
            Number("pointing: IoU", metric="pointing.iou"),
            Number("captions: traits named", metric="caption.traits_named"),
        ),
    ),
)
NOTHING_TO_MEASURE: Final = (
    "Figures 1, 5 and 9 draw the framework, the data and a prompt; there is nothing to measure."
)
