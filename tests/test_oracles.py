"""Every known answer is tested somewhere, or named as reference only, with the reason."""

from pathlib import Path

from tests.oracles import CASES

HERE = Path(__file__).parent

REFERENCE_ONLY = {
    "unpaired_welch_sleep_must_not_be_used": "pairs are never compared as if unpaired; its p is tested not to come out",
    "mixed_model_sleepstudy": "balanced tasks: t over task means is this model with Kenward-Roger",
    "mixed_model_sleepstudy_random_intercept": "as above",
    "spearman_kendall_anscombe": "rank correlations are not offered",
    "censored_time_logrank_km_rmst": "log-rank ignores the pairing; restricted means are paired here",
    "group_sequential_bounds": "stopping early is by e-process",
    "bayes_factor_jzs_sleep": "no Bayes factors",
    "bootstrap_bca_sleep": "no bootstrap of a mean: at few seeds only a studentized one covers, and t is there",
    "iqm_with_crash": "no interquartile mean: it would hide a crashed run, which counts as the constant here",
    "nadeau_bengio_correlated_t": "for folds of one data set; seeds are independent",
    "friedman_nemenyi_demsar_table6": "ranks over tasks carry no verdict",
    "dunnett_unpaired_fallback": "arms without common seeds are not comparable",
    "refuse_unmatched_epochs": "test_matching.py: the founding lesson is refused",
    "refuse_missing_pair_silently": "test_matching.py: a seed that one arm lacks is reported",
    "train_metric_refused": "test_design.py: a verdict is about test data",
}


def test_every_known_answer_is_tested_or_named_as_reference_only():
    tests = "".join(file.read_text() for file in HERE.rglob("test_*.py") if file.name != Path(__file__).name)
    untested = {name for name in CASES if f'"{name}"' not in tests}
    assert untested <= REFERENCE_ONLY.keys()
    assert REFERENCE_ONLY.keys() <= CASES.keys()
