"""An MLflow experiment of another tool is judged as its table is."""

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from studies.__main__ import main
from tests.tools.elsewhere import OPTIONS, PROBLEMS, results

pytestmark = pytest.mark.integration


def test_an_experiment_says_what_its_table_says(folder, capsys):
    table = results(PROBLEMS[:1], seeds=5)
    table = table[table["optimizer"].isin(["sgd", "adam"])]
    table.to_csv(folder / "mine.csv", index=False)
    assert main(["judge", "mine.csv", *OPTIONS, "--percent", "--alpha", "0.1"]) == 0
    sentences = capsys.readouterr().out.partition("\n\n")[0]

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.create_experiment("optimizers")
    client.create_run(experiment)  # a parent, which has nothing
    runs = []
    for row in table.to_dict("records"):
        run = client.create_run(experiment, tags={"testproblem": row["testproblem"]}).info.run_id
        params = [Param(name, str(row[name])) for name in ("optimizer", "random_seed")]
        values = [Metric("test_acc", value, 0, step) for step, value in enumerate((1.0, row["test_acc"]))]
        client.log_batch(run, values, params)
        client.set_terminated(run)
        runs.append(run)
    command = ["judge", "--from-mlflow", "optimizers", *OPTIONS, "--percent", "--alpha", "0.1"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert out.partition("\n\n")[0] == sentences
    assert "optimizers: test_acc, margin ±1 pp" in out

    def refused(*given):
        assert main(list(given)) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    assert "did you mean 'optimizers'?" in refused(*command[:2], "optimisers", *command[3:])
    assert "did you mean 'random_seed'?" in refused(*[one.replace("random_seed", "random_sed") for one in command])
    client.log_metric(runs[0], "test_acc", float("inf"), step=2)
    assert "test_acc of sgd, random_seed 42 (MLflow run " in (error := refused(*command))
    assert "is inf" in error
    client.set_terminated(runs[0], status="FAILED")
    assert ", FAILED) is missing" in refused(*command)
    client.log_metric(runs[1], "optimizer", 1.0)
    assert "did you mean" in refused(*command)
